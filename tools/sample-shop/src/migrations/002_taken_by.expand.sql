-- Which side took it. Releases before this one leave it empty.
ALTER TABLE orders ADD COLUMN taken_by TEXT;
