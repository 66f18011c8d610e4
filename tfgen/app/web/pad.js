// An area to draw on. The value is the drawing as a data URL of a PNG. The value is empty while nothing is drawn.
const canvas = element.querySelector('canvas');
const pen = canvas.getContext('2d', { willReadFrequently: true });
// The drawing before each stroke, for the button "Undo".
const earlier = [];
let last = null;
// The value that the canvas shows.
let shown = '';

function clear() {
  pen.fillStyle = 'white';
  pen.fillRect(0, 0, canvas.width, canvas.height);
}

function show(value) {
  shown = value || '';
  if (!shown) { clear(); return; }
  const picture = new Image();
  picture.onload = () => { if (picture.src === shown) pen.drawImage(picture, 0, 0, canvas.width, canvas.height); };
  picture.src = shown;
}

function tell(value, event) {
  shown = value;
  props.value = value;
  trigger(event);
}

function position(event) {
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left) * canvas.width / box.width, (event.clientY - box.top) * canvas.height / box.height];
}

function stroke(event) {
  const next = position(event);
  pen.beginPath();
  pen.moveTo(...last);
  pen.lineTo(...next);
  pen.stroke();
  last = next;
}

canvas.addEventListener('pointerdown', (event) => {
  canvas.setPointerCapture(event.pointerId);
  Object.assign(pen, {
    lineCap: 'round', lineJoin: 'round', lineWidth: Number(element.querySelector('input[type=range]').value),
    strokeStyle: element.querySelector('input[type=color]').value,
  });
  earlier.push(shown);
  last = position(event);
  stroke(event);
});
canvas.addEventListener('pointermove', (event) => { if (last) stroke(event); });
for (const name of ['pointerup', 'pointercancel']) {
  canvas.addEventListener(name, () => {
    if (!last) return;
    last = null;
    tell(canvas.toDataURL('image/png'), 'input');
  });
}
element.querySelector('.undo').addEventListener('click', () => {
  if (!earlier.length) return;
  const before = earlier.pop();
  show(before);
  tell(before, before ? 'input' : 'clear');
});
element.querySelector('.clear').addEventListener('click', () => {
  earlier.push(shown);
  show('');
  tell('', 'clear');
});
// Gradio makes the elements anew when a hidden column is shown again: the canvas is blank then, and the value is not.
clear();
show(props.value);
watch('value', () => { if ((props.value || '') !== shown) show(props.value); });
