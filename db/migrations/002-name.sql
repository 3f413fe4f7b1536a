-- What a person calls a run. Outside the run's chain, which covers what was recorded and not what it
-- is called; so it carries a hash of its own. A shared run takes it along. Both are null in a run
-- that nobody has named.

ALTER TABLE run ADD COLUMN name TEXT;
ALTER TABLE run ADD COLUMN name_hash BLOB;
