-- The new name of the column beside the old one, kept in step by a trigger in both directions.
-- @sync
ALTER TABLE customers ADD COLUMN display_name text;

CREATE FUNCTION customers_names() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.display_name := coalesce(NEW.display_name, NEW.name);
    NEW.name := coalesce(NEW.name, NEW.display_name);
  ELSIF NEW.display_name IS DISTINCT FROM OLD.display_name THEN
    NEW.name := NEW.display_name;
  ELSIF NEW.name IS DISTINCT FROM OLD.name THEN
    NEW.display_name := NEW.name;
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER customers_names BEFORE INSERT OR UPDATE ON customers
  FOR EACH ROW EXECUTE FUNCTION customers_names();
