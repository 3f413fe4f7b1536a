-- Runs and what happened in them. Everything under a run is written once and hashed into its chain
-- (db/chain.ts), except bookmarks, notes and tags, which a person changes and which carry a hash of
-- their own. Times of the machine are nanoseconds, as REAL: 53 bits without rounding.

CREATE TABLE scenario (
  hash TEXT PRIMARY KEY NOT NULL,
  text TEXT NOT NULL
) STRICT;

CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  scenario_hash TEXT NOT NULL REFERENCES scenario (hash),
  scenario_file TEXT NOT NULL,
  scenario_name TEXT NOT NULL,
  variant TEXT NOT NULL,
  policy TEXT NOT NULL,
  seed INTEGER,
  until_ns REAL,
  -- The scenario's steps were carried out; a person drove it and ended it. Both can be.
  scripted INTEGER NOT NULL,
  live INTEGER NOT NULL,
  engine_version TEXT NOT NULL,
  program_hash TEXT NOT NULL,
  -- Identity of the parent: its seal or, for a cut run, its head, in hex.
  parent_run TEXT,
  parent_seq INTEGER,
  -- Wall clock of the recording computer; null in a shared run.
  started_at TEXT,
  ended_at TEXT,
  wall_hash BLOB NOT NULL,
  -- Up to the last acknowledged segment.
  event_count INTEGER NOT NULL,
  segment_count INTEGER NOT NULL,
  head BLOB NOT NULL,
  -- Null while the run goes on, and for ever in a run that was cut.
  outcome TEXT,
  virtual_ns REAL,
  unfinished TEXT,
  checks TEXT,
  detectors TEXT,
  seal BLOB
) STRICT;

CREATE INDEX run_seal ON run (seal);

CREATE TABLE segment (
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  first_seq INTEGER NOT NULL,
  event_count INTEGER NOT NULL,
  -- Records, transposed by byte and compressed (db/pack.ts).
  records BLOB NOT NULL,
  text_count INTEGER NOT NULL,
  blob_count INTEGER NOT NULL,
  input_count INTEGER NOT NULL,
  choice_count INTEGER NOT NULL,
  -- Choices as compressed JSON.
  choices BLOB NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (run_id, number)
) STRICT;

-- Interned strings. Number 0 is the empty string in every run and is not stored.
CREATE TABLE text (
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;

-- Mailboxes and packets. Number 0 is empty and is not stored.
CREATE TABLE blob (
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE input (
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  point INTEGER NOT NULL,
  time_ns REAL NOT NULL,
  -- The input with whoever gave it, as JSON.
  input TEXT NOT NULL,
  PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE finding (
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  kind TEXT NOT NULL,
  time_ns REAL NOT NULL,
  text TEXT NOT NULL,
  -- JSON lists of names.
  objects TEXT NOT NULL,
  places TEXT NOT NULL,
  PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE tag (
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (run_id, name)
) STRICT, WITHOUT ROWID;

-- A note on a run; one with an event is a bookmark of that moment.
CREATE TABLE note (
  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  seq INTEGER,
  text TEXT NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;
