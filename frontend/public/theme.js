// The theme is set before the first paint, so that the page never flashes.
(function () {
  try {
    var theme = localStorage.getItem('pertoken-theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch (error) {
    void error;
  }
})();
