// A picture on which the user drags a point. The value is [right, up], each from -1 to 1. When the picture changes, the
// server adds the address of the new picture as a third item.
let held = false;
let address = null;

function show() {
  const [right, up, fresh] = props.value;
  address = fresh || address;
  if (address) element.querySelector('.map img').src = address;
  const point = element.querySelector('.map i');
  point.style.left = `${50 + 50 * right}%`;
  point.style.top = `${50 - 50 * up}%`;
}

function move(event) {
  const box = element.querySelector('.map').getBoundingClientRect();
  const limit = (x) => Math.round(1000 * Math.max(-1, Math.min(1, x))) / 1000;
  props.value = [
    limit(2 * (event.clientX - box.left) / box.width - 1),
    limit(1 - 2 * (event.clientY - box.top) / box.height),
  ];
  show();
  trigger('input');
}

// The listeners belong to the element itself: Gradio renders its content again for every new value.
element.addEventListener('pointerdown', (event) => {
  if (!event.target.closest('.map')) return;
  event.preventDefault();
  held = true;
  element.setPointerCapture(event.pointerId);
  move(event);
});
element.addEventListener('pointermove', (event) => { if (held) move(event); });
for (const name of ['pointerup', 'pointercancel']) {
  element.addEventListener(name, () => { held = false; });
}
watch('value', show);
show();
