DROP TRIGGER customers_names ON customers;
DROP FUNCTION customers_names();
ALTER TABLE customers DROP COLUMN name;
