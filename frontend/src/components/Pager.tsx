import { ChevronLeft, ChevronRight } from 'lucide-react';

import { count } from '@/format/numbers';

import { Button } from './Button';

interface PagerProps {
  page: number;
  perPage: number;
  total: number;
  onPage: (page: number) => void;
}

/** "21–40 of 133" with a way back and forth; nothing at all when one page holds everything. */
export function Pager({ page, perPage, total, onPage }: PagerProps) {
  if (total <= perPage && page === 1) return null;
  const last = Math.max(1, Math.ceil(total / perPage));
  const from = (page - 1) * perPage + 1;
  return (
    <nav aria-label="Pages" className="flex items-center justify-between gap-3 border-t border-line px-4 py-2">
      <p className="text-xs text-ink-3">
        {count(Math.min(from, total))}–{count(Math.min(from + perPage - 1, total))} of {count(total)}
      </p>
      <div className="flex items-center gap-1">
        <Button
          variant="ghost"
          size="sm"
          disabled={page <= 1}
          onClick={() => onPage(page - 1)}
          icon={<ChevronLeft aria-hidden className="size-3.5" />}
        >
          Previous
        </Button>
        <span className="px-1 text-xs text-ink-2">
          {page} / {last}
        </span>
        <Button variant="ghost" size="sm" disabled={page >= last} onClick={() => onPage(page + 1)}>
          Next
          <ChevronRight aria-hidden className="size-3.5" />
        </Button>
      </div>
    </nav>
  );
}
