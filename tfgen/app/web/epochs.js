// A slider over the epochs that have pictures, however far apart they are. Its value is the epoch.
element.addEventListener('input', (event) => {
  props.value = props.epochs[Number(event.target.value)];
  trigger('input');
});
