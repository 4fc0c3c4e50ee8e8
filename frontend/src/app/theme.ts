// Light, dark, or as the system says. public/theme.js applies the choice before the first paint.
import { useSyncExternalStore } from 'react';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'arguslm.theme';
const listeners = new Set<() => void>();
const root = document.documentElement;

const current = (): Theme => {
  const set = root.dataset.theme;
  return set === 'light' || set === 'dark' ? set : 'system';
};

export function chooseTheme(theme: Theme): void {
  if (theme === 'system') {
    delete root.dataset.theme;
    localStorage.removeItem(KEY);
  } else {
    root.dataset.theme = theme;
    localStorage.setItem(KEY, theme);
  }
  listeners.forEach((listener) => listener());
}

export function subscribeTheme(listener: () => void): () => void {
  const system = window.matchMedia('(prefers-color-scheme: dark)');
  listeners.add(listener);
  system.addEventListener('change', listener);
  return () => {
    listeners.delete(listener);
    system.removeEventListener('change', listener);
  };
}

export const useTheme = (): Theme => useSyncExternalStore(subscribeTheme, current);
