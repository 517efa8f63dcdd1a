// The products, whose prices releases may change.

export const products = [
  { id: 1, name: 'Sourdough loaf', price: 4.2 },
  { id: 2, name: 'Butter croissant', price: 1.9 },
  { id: 3, name: 'Cinnamon roll', price: 2.6 },
];

export const cheaper = products.map((product) => ({ ...product, price: Math.round(product.price * 90) / 100 }));
