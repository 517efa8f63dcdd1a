-- Money in cents. Releases before this one write and read `amount`, later ones `cents`; a trigger keeps the two in step
-- for as long as both may run.
-- @sync
ALTER TABLE orders ADD COLUMN cents INTEGER;

CREATE TRIGGER orders_in_step AFTER INSERT ON orders
BEGIN
  UPDATE orders SET cents = CAST(round(new.amount * 100) AS INTEGER) WHERE id = new.id AND new.cents IS NULL;
  UPDATE orders SET amount = new.cents / 100.0 WHERE id = new.id AND new.cents IS NOT NULL;
END;
