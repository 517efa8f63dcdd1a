import { products } from '../products.mjs';

export const release = { version: 'v1.0', greeting: 'Fresh bread every morning.', products, money: 'amount' };
