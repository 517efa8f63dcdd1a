ALTER TABLE orders DROP COLUMN taken_by;
