-- Orders that were taken before the column was there.
-- @table orders
-- @key id
-- @batch 500
-- @verify SELECT count(*) FROM orders WHERE cents IS NULL
UPDATE orders SET cents = CAST(round(amount * 100) AS INTEGER) WHERE id BETWEEN :from AND :to AND cents IS NULL;
