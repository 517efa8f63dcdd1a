import { products } from '../products.mjs';

const seasonal = { id: 4, name: 'Plum tart', price: 3.4 };

export const release = {
  version: 'v2.0',
  greeting: 'New on the shelf: plum tart.',
  products: [...products, seasonal],
  money: 'amount',
};
