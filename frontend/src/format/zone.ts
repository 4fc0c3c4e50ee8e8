// The time zone all times are shown in: the device's own, unless the reader chose another.
import { useSyncExternalStore } from 'react';

const KEY = 'arguslm.zone';
export const DEVICE_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

const listeners = new Set<() => void>();
let chosen = readChosen();

function readChosen(): string | null {
  try {
    const zone = localStorage.getItem(KEY);
    if (zone) new Intl.DateTimeFormat('en', { timeZone: zone });
    return zone;
  } catch {
    return null;
  }
}

/** null follows the device. */
export function chooseZone(zone: string | null): void {
  chosen = zone;
  if (zone === null) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, zone);
  listeners.forEach((listener) => listener());
}

export const chosenZone = (): string | null => chosen;
export const currentZone = (): string => chosen ?? DEVICE_ZONE;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The zone in force; the caller renders again when it changes. */
export const useZone = (): string => useSyncExternalStore(subscribe, currentZone);
