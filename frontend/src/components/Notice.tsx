import { CircleAlert, RefreshCw } from 'lucide-react';
import type { ReactNode } from 'react';

import { ApiProblem } from '@/api/problem';

import { Button } from './Button';

interface ErrorStateProps {
  error: Error;
  onRetry?: () => void;
  what?: string;
}

/** Something could not be loaded: says what and why, and offers another try. */
export function ErrorState({ error, onRetry, what = 'This could not be loaded.' }: ErrorStateProps) {
  const requestId = error instanceof ApiProblem ? error.requestId : undefined;
  return (
    <div role="alert" className="flex flex-col items-center gap-3 px-6 py-12 text-center">
      <CircleAlert aria-hidden className="size-6 text-down" />
      <div>
        <p className="font-medium">{what}</p>
        <p className="mt-1 text-[0.8125rem] text-ink-2">{error.message}</p>
        {requestId && <p className="mt-1 text-xs text-ink-3">Request {requestId}</p>}
      </div>
      {onRetry && (
        <Button icon={<RefreshCw aria-hidden className="size-3.5" />} onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

interface EmptyStateProps {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

/** Nothing here yet: says so, and what to do about it. */
export function EmptyState({ icon, title, children, action }: EmptyStateProps) {
  return (
    <div className="flex flex-col items-center gap-3 px-6 py-12 text-center">
      {icon && <div className="text-ink-3 [&_svg]:size-7 [&_svg]:stroke-[1.5]">{icon}</div>}
      <div className="max-w-md">
        <p className="font-medium">{title}</p>
        {children && <div className="mt-1 text-[0.8125rem] text-ink-2">{children}</div>}
      </div>
      {action}
    </div>
  );
}

/** A grey bar where text will be, of the same height as that text. */
export const Skeleton = ({ className = '' }: { className?: string }) => (
  <span aria-hidden className={`block animate-breathe rounded bg-raised ${className}`} />
);

export function SkeletonRows({ rows = 6 }: { rows?: number }) {
  return (
    <div role="status" aria-label="Loading" className="flex flex-col gap-px">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex items-center gap-4 px-4 py-3">
          <Skeleton className="h-4 w-1/3" />
          <Skeleton className="h-4 w-1/5" />
          <Skeleton className="ml-auto h-4 w-16" />
        </div>
      ))}
    </div>
  );
}
