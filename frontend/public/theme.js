// Runs before the first paint, so that nobody who chose a theme sees a flash of the other one.
(function () {
  try {
    var chosen = localStorage.getItem('arguslm.theme');
    if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage is blocked: the system's theme applies.
  }
})();
