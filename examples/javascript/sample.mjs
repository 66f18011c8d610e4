// A picture from `tfgen serve`, as text in the terminal. Needs Node.js 18 or newer and no packages; the function `sample`
// also runs in a browser. Run: node examples/javascript/sample.mjs [ADDRESS] [SEED]

/**
 * The pictures of consecutive seeds.
 * @param {string} address address of the server, such as http://127.0.0.1:8501
 * @param {{n?: number, seed?: number, temperature?: number}} [options]
 * @returns {Promise<number[][][][]>} [n][height][width][channels], each number in [0, 1]
 */
export async function sample(address, {n = 1, seed = 0, temperature = 1} = {}) {
  const rows = Array.from({length: n}, (_, row) => ({seed: seed + row, temperature}));
  const response = await fetch(`${address}/v1/models/model:predict`, {
    method: 'POST',
    headers: {'Content-Type': 'application/json'},
    body: JSON.stringify({signature_name: 'sample', instances: rows}),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer.predictions;
}

const [address = 'http://127.0.0.1:8501', seed = '0'] = process.argv.slice(2);
const [picture] = await sample(address, {seed: Number(seed)});
const shades = ' .:-=+*#%@';
for (const row of picture) {
  console.log(row.map(([value]) => shades[Math.round(value * (shades.length - 1))].repeat(2)).join(''));
}
