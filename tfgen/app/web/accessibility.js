// Attributes that Gradio's components leave out and assistive technology needs. Components come and change at any time, so
// an observer applies the rules again after changes of the page.
(() => {
  function complete() {
    // The name of an empty picture needs a role, else it is ignored.
    for (const each of document.querySelectorAll('.empty[aria-label]:not([role])')) each.setAttribute('role', 'img');
    // The name of a picture in a gallery must say more than the caption below the picture.
    for (const each of document.querySelectorAll('.gallery-item img[alt]')) {
      const caption = each.closest('.gallery-item').querySelector('.caption-label')?.textContent.trim();
      if (caption && each.alt.trim() === caption) each.alt = `Picture of ${caption}`;
    }
    // A part that scrolls must be reachable with the keyboard.
    for (const each of document.querySelectorAll('.facts, .tables, .tables .prose, .numbers')) {
      if (each.scrollWidth > each.clientWidth + 1) each.tabIndex = 0;
      else each.removeAttribute('tabindex');
    }
  }
  // Changes within this time are one, so that the rules cost nothing while a point is dragged.
  const PAUSE = 100;
  let timer = null;
  function later() {
    timer ??= setTimeout(() => {
      timer = null;
      complete();
    }, PAUSE);
  }
  new MutationObserver(later).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true, attributeFilter: ['class', 'alt', 'style', 'hidden'],
  });
  addEventListener('resize', later);
})();
