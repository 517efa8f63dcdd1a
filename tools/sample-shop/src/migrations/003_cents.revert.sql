DROP TRIGGER orders_in_step;
ALTER TABLE orders DROP COLUMN cents;
