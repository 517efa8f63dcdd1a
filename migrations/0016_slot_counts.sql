-- How many instances a slot has, where a person or the engine has changed it, and a change that is under way. A slot without a row has as
-- many as the configuration says.
CREATE TABLE IF NOT EXISTS slot_counts (
  service text NOT NULL,
  target text NOT NULL,
  slot text NOT NULL CHECK (slot IN ('blue', 'green')),
  -- Null: as many as the configuration says.
  instances integer CHECK (instances > 0),
  -- What follows is null while no change is under way.
  scale_from integer CHECK (scale_from > 0),
  scale_to integer CHECK (scale_to > 0),
  -- So many of them get users in the meantime.
  admitted integer CHECK (admitted > 0),
  scale_by text,
  scale_since integer,
  -- Why the change is taken back; null while it goes forward.
  scale_problem text,
  PRIMARY KEY (service, target, slot),
  CHECK ((scale_to IS NULL) = (scale_from IS NULL) AND (scale_to IS NULL) = (admitted IS NULL)),
  CHECK ((scale_to IS NULL) = (scale_by IS NULL) AND (scale_to IS NULL) = (scale_since IS NULL)),
  CHECK (scale_problem IS NULL OR scale_to IS NOT NULL)
) STRICT;
