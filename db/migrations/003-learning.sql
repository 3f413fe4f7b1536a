-- What was learned here, beside the runs: the shortest schedules that are known to close a cycle,
-- and the lessons that somebody has done. A shared run takes neither along.

-- A schedule is good for one program: another one may ask other questions. `answers` is a JSON list
-- of names, from the first question of the scenario on; whoever reads it runs it again first.
CREATE TABLE schedule (
  scenario_hash TEXT NOT NULL,
  variant TEXT NOT NULL,
  program_hash TEXT NOT NULL,
  answers TEXT NOT NULL,
  PRIMARY KEY (scenario_hash, variant, program_hash)
) STRICT, WITHOUT ROWID;

-- Lessons by name, and when all of their checks held for the first time.
CREATE TABLE lesson (
  name TEXT PRIMARY KEY NOT NULL,
  done_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
