// The values of a view in the address of the page. Gradio's events call the functions of `tfgen`.
const tfgen = (() => {
  // Changes within this time become one step of the browser's history.
  const STEP = 1000;
  // Tabs whose controls are in the address too.
  const VIEWS = ['sample', 'interpolate', 'mix', 'explore'];
  // A result of other values than those of the controls stays for this time. Meanwhile the result of a change that the
  // visitor makes may arrive, and a second request for the same values would keep the server busy.
  const PATIENCE = 1000;
  // Name of a tab → the timer that asks again.
  const asking = {};
  // The query with which the page was opened. Gradio reports a selected tab before that query is read.
  const opened = location.search;
  let ready = false;
  let changed = 0;
  // Whether the visitor has chosen a tab: then the tab of the address is not opened any more.
  let chosen = false;
  // Whether the address was there before the view, which then takes no new step.
  let returning = new URLSearchParams(location.search).has('tab');

  // Click an invisible button of the page.
  const press = (id) => document.getElementById(id)?.click();

  function address(values) {
    const query = new URLSearchParams();
    // Options of Gradio, for example `__theme`, stay.
    for (const [name, value] of new URLSearchParams(location.search)) {
      if (name.startsWith('__')) query.append(name, value);
    }
    for (const [name, value] of Object.entries(values)) if (value !== null) query.append(name, value);
    const text = String(query);
    return location.pathname + (text && `?${text}`);
  }

  // Put the values in the address. A change is a new step of the history, which the browser's Back undoes.
  function remember(values) {
    const fresh = address(values);
    const number = history.state?.number ?? 0;
    const now = Date.now();
    const same = fresh === location.pathname + location.search;
    if (same || returning || (now - changed < STEP && number > 0)) history.replaceState({ number }, '', fresh);
    else history.pushState({ number: number + 1 }, '', fresh);
    if (!same) changed = now;
    returning = false;
  }

  // The title of the open tab, as the browser shows it.
  const openTab = () => document.querySelector('#tabs [role=tab][aria-selected=true]').textContent.trim();

  // Whether a picture of a tab waits for a result.
  const isWaiting = (tab) =>
    [...document.querySelectorAll(`#tab-${tab} [data-testid=status-tracker] .progress-text`)]
      .some((each) => each.checkVisibility());

  // Ask for the values of the controls after a time, and not while a request of the tab is on its way.
  function askLater(tab) {
    asking[tab] = setTimeout(() => (isWaiting(tab) ? askLater(tab) : press(`again-${tab}`)), PATIENCE);
  }

  // After a result: if it belongs to other values than the controls have, ask again. Otherwise remember the values.
  function settle(tab, names, title, shown, ...values) {
    clearTimeout(asking[tab]);
    if (openTab() !== title || !shown) return;
    const belongsTo = JSON.parse(shown);
    const isShown = names.every((name, i) => JSON.stringify(belongsTo[name] ?? null) === JSON.stringify(values[i] ?? null));
    if (!isShown) askLater(tab);
    else if (!belongsTo.refused) remember({ tab, ...Object.fromEntries(names.map((name, i) => [name, values[i]])) });
  }

  // After a tab was opened or another model was chosen: update the tab, show the favourites if the tab has a view, and
  // remember tab and model otherwise. The result of a view is remembered. `keys`: title → name of the tab in the address.
  function place(keys, title, model) {
    press(`again-${keys[title]}`);
    document.getElementById('favourites')?.toggleAttribute('data-shown', VIEWS.includes(keys[title]));
    if (ready && !VIEWS.includes(keys[title])) remember({ tab: keys[title], model });
  }

  // The first tab that fits, as soon as the page is drawn.
  async function drawn(fits) {
    for (;;) {
      const found = [...document.querySelectorAll('#tabs > .tab-wrapper [role=tab]')]
        .find((each) => fits(each) && each.checkVisibility());
      if (found) return found;
      await new Promise((later) => setTimeout(later, 50));
    }
  }

  // Open the tab of a title. The tab that is open already is updated, also if there is no title.
  async function open(keys, title) {
    const tab = await drawn((each) => (title ? each.textContent.trim() === title : each.ariaSelected === 'true'));
    if (tab.ariaSelected === 'true') press(`again-${keys[openTab()]}`);
    else tab.click();
  }

  // After the page has opened: open the tab of the address. Without one, or if the visitor has chosen a tab meanwhile,
  // the open tab stays and is updated.
  async function start(keys, title, model) {
    await drawn((each) => each.ariaSelected === 'true');
    ready = true;
    if (title && !chosen) open(keys, title);
    else place(keys, openTab(), model);
  }

  async function copyLink() {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(location.href);
    } else {
      // Browsers offer the clipboard above to pages of this machine and to encrypted pages only.
      const field = document.createElement('textarea');
      field.value = location.href;
      document.body.append(field);
      field.select();
      document.execCommand('copy');
      field.remove();
    }
    return 'Link copied';
  }

  // Show the view of a query, as a link does. The view before is one step back.
  function show(query) {
    const fresh = address(Object.fromEntries(new URLSearchParams(query)));
    const number = history.state?.number ?? 0;
    if (fresh !== location.pathname + location.search) history.pushState({ number: number + 1 }, '', fresh);
    changed = Date.now();
    returning = true;
    press('restore-view');
  }

  function undo() {
    if ((history.state?.number ?? 0) > 0) history.back();
  }

  // The page's own clicks are not trusted events.
  addEventListener('click', (event) => {
    if (event.isTrusted && event.target.closest('#tabs > .tab-wrapper [role=tab]')) chosen = true;
  }, true);
  addEventListener('popstate', () => {
    returning = true;
    press('restore-view');
  });
  return { opened, settle, place, open, start, press, openTab, copyLink, show, undo };
})();
