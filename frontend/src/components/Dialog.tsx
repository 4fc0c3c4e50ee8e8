import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';

import { buttonClass } from './buttonClass';

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}

/** A modal dialog: focus stays inside, Escape closes, and the page behind does not scroll. */
export function Dialog({ open, onClose, title, description, wide = false, children }: DialogProps) {
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-black/45 transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Base.Viewport className="fixed inset-0 z-50 flex items-end justify-center sm:items-start sm:overflow-y-auto sm:p-6 sm:pt-[8vh]">
          <Base.Popup
            className={`relative flex max-h-[94dvh] w-full flex-col rounded-t-xl border border-line bg-surface shadow-pop outline-none transition-[opacity,translate] duration-150 data-ending-style:opacity-0 data-starting-style:translate-y-2 data-starting-style:opacity-0 sm:max-h-[84vh] sm:rounded-xl ${wide ? 'sm:max-w-2xl' : 'sm:max-w-lg'}`}
          >
            <div className="border-b border-line py-4 pr-14 pl-5">
              <Base.Title className="text-[0.9375rem] font-semibold">{title}</Base.Title>
              {description && (
                <Base.Description className="mt-0.5 text-[0.8125rem] text-ink-2">
                  {description}
                </Base.Description>
              )}
            </div>
            {children}
            {/* Last in order, so that the focus starts in the form. */}
            <Base.Close
              aria-label="Close"
              className={`${buttonClass({ variant: 'ghost', size: 'icon' })} absolute top-3 right-3`}
            >
              <X aria-hidden className="size-4" />
            </Base.Close>
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  );
}

export const DialogBody = ({ children }: { children: ReactNode }) => (
  <div className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto px-5 py-4">{children}</div>
);

export const DialogFooter = ({ children }: { children: ReactNode }) => (
  <div className="flex flex-wrap items-center justify-end gap-2 rounded-b-xl border-t border-line bg-canvas/60 px-5 py-3">
    {children}
  </div>
);
