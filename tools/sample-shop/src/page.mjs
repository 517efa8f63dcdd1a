// The shop's only page: its colour and version can be seen from across the room.

const colours = {
  blue: { strong: '#1d4ed8', soft: '#dbeafe' },
  green: { strong: '#15803d', soft: '#dcfce7' },
};

export function renderPage({ release, slot }) {
  const { strong, soft } = colours[slot] ?? { strong: '#374151', soft: '#e5e7eb' };
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Corner Bakery ${escapeHtml(release.version)}</title>
<style>
  :root { --strong: ${strong}; --soft: ${soft}; }
  * { box-sizing: border-box; }
  body { margin: 0; min-height: 100vh; background: var(--soft); color: #1f2937; font: 17px/1.5 system-ui, sans-serif; }
  header { background: var(--strong); color: #fff; padding: 2.5rem 1.5rem; }
  header div, main { max-width: 46rem; margin: 0 auto; }
  h1 { margin: 0; font-size: 2rem; }
  .side { float: right; padding: .3rem .9rem; border-radius: 2rem; background: #fff; color: var(--strong); font-weight: 700; }
  main { max-width: 49rem; padding: 1.5rem; }
  ul { list-style: none; margin: 0; padding: 0; display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); }
  li { background: #fff; border-radius: .8rem; padding: 1.2rem; box-shadow: 0 1px 3px #0002; }
  li b { display: block; font-size: 1.1rem; }
  button { margin-top: .8rem; padding: .5rem 1rem; border: 0; border-radius: .5rem; background: var(--strong); color: #fff; font: inherit; cursor: pointer; }
  output { display: block; min-height: 1.5em; margin-top: 1.2rem; color: #4b5563; }
</style>
</head>
<body>
<header><div>
  <span class="side">${escapeHtml(slot)} · ${escapeHtml(release.version)}</span>
  <h1>Corner Bakery</h1>
  <p>${escapeHtml(release.greeting)}</p>
</div></header>
<main>
  <ul>${release.products.map(renderProduct).join('')}</ul>
  <output id="told"></output>
</main>
<script>
  const told = document.getElementById('told');
  for (const button of document.querySelectorAll('button')) button.onclick = async () => {
    const body = JSON.stringify({ id: 'page-' + Date.now() + '-' + Math.random().toString(36).slice(2), product: Number(button.value) });
    try {
      const answer = await fetch('/api/orders', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      const order = await answer.json();
      told.textContent = answer.ok ? 'Ordered for ' + order.total.toFixed(2) + ' EUR: ' + order.slot + ' ' + order.version + ' took it.' : 'Not ordered: ' + order.error;
    } catch { told.textContent = 'Not ordered: nobody answered.'; }
  };
</script>
</body>
</html>
`;
}

function renderProduct({ id, name, price }) {
  return `<li><b>${escapeHtml(name)}</b>${price.toFixed(2)} EUR<br><button value="${id}">Order</button></li>`;
}

function escapeHtml(text) {
  return String(text).replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
