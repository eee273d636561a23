import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import { codeOf } from './page-code';
import { PAGES } from './pages';
import './styles.css';

// what the first page needs is asked for while the frame is drawn
void codeOf(PAGES.find((each) => each.path === window.location.pathname))
  ?.load()
  .catch(() => undefined);
const root = document.getElementById('root');
if (root)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
