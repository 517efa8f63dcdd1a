import { cheaper } from '../products.mjs';

const seasonal = { id: 4, name: 'Plum tart', price: 2.9 };

export const release = {
  version: 'v2.1',
  greeting: 'Ten percent off, all week long!',
  products: [...cheaper, seasonal],
};
