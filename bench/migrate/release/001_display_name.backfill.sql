-- @table customers
-- @key id
-- @batch 1000
-- @verify SELECT count(*) FROM customers WHERE display_name IS DISTINCT FROM name
UPDATE customers SET display_name = name WHERE id BETWEEN :from AND :to AND display_name IS DISTINCT FROM name;
