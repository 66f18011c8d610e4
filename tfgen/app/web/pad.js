// An area to draw on. The value is the drawing as a data URL of a PNG. The value is empty while nothing is drawn.
const canvas = element.querySelector('canvas');
const pen = canvas.getContext('2d');
let last = null;

function clear() {
  pen.fillStyle = 'white';
  pen.fillRect(0, 0, canvas.width, canvas.height);
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
  Object.assign(pen, { lineCap: 'round', lineJoin: 'round', lineWidth: canvas.width / 14, strokeStyle: 'black' });
  last = position(event);
  stroke(event);
});
canvas.addEventListener('pointermove', (event) => { if (last) stroke(event); });
for (const name of ['pointerup', 'pointercancel']) {
  canvas.addEventListener(name, () => {
    if (!last) return;
    last = null;
    props.value = canvas.toDataURL('image/png');
    trigger('input');
  });
}
element.querySelector('button').addEventListener('click', () => {
  clear();
  props.value = '';
  trigger('clear');
});
clear();
