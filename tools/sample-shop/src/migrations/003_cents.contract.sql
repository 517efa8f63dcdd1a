-- Once nobody reads `amount` any more.
DROP TRIGGER orders_in_step;
ALTER TABLE orders DROP COLUMN amount;
