import { Search } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';

import { inputClass } from './Field';

const PAUSE_MS = 250;

interface SearchBoxProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  className?: string;
}

/** A search field that reports after a short pause in typing, and follows a changed address. */
export function SearchBox({ label, value, onChange, className = '' }: SearchBoxProps) {
  const [text, setText] = useState(value);
  const [shown, setShown] = useState(value);
  const timer = useRef<number>(undefined);
  if (value !== shown) {
    setShown(value);
    setText(value);
  }
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const report = (next: string, pause: number) => {
    setText(next);
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      setShown(next);
      onChange(next);
    }, pause);
  };
  return (
    <div className={`relative ${className}`}>
      <Search
        aria-hidden
        className="pointer-events-none absolute top-1/2 left-2.5 size-3.5 -translate-y-1/2 text-ink-3"
      />
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        value={text}
        onChange={(event) => report(event.target.value, PAUSE_MS)}
        onKeyDown={(event) => event.key === 'Enter' && report(text, 0)}
        className={`${inputClass} pl-8`}
      />
    </div>
  );
}
