// A slider over the epochs that have pictures. The positions are equally spaced; the epochs need not be. The value is
// the number of the epoch.
element.addEventListener('input', (event) => {
  props.value = props.epochs[Number(event.target.value)];
  trigger('input');
});
