import { type SyntheticEvent, useState } from 'react';

import type { ModelResponse } from '@/api/types';
import { Button } from '@/components/Button';
import { Dialog, DialogBody, DialogFooter } from '@/components/Dialog';
import { InputField } from '@/components/Field';
import { tellDone } from '@/components/toasts';
import { useModelChange } from '@/features/models/useModelChange';
import { duration } from '@/format/numbers';

import { draftOfPrice, isWhole, pricedAs } from './priceDraft';

interface EditModelDialogProps {
  model: ModelResponse;
  defaultIntervalS: number | undefined;
  open: boolean;
  onClose: () => void;
}

export function EditModelDialog({ open, ...form }: EditModelDialogProps) {
  const { model, onClose } = form;
  return (
    <Dialog open={open} onClose={onClose} title="Edit model" description={model.model_id}>
      <EditModelForm {...form} />
    </Dialog>
  );
}

function EditModelForm({ model, defaultIntervalS, onClose }: Omit<EditModelDialogProps, 'open'>) {
  const [name, setName] = useState(model.custom_name ?? '');
  const [interval, setInterval] = useState(model.interval_s?.toString() ?? '');
  const [price, setPrice] = useState(draftOfPrice(model.price));
  const change = useModelChange();
  const fallback = defaultIntervalS === undefined ? '' : ` (${duration(defaultIntervalS)})`;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    change.mutate(
      {
        model_id: model.id,
        custom_name: name.trim() || null,
        interval_s: interval === '' ? null : Number(interval),
        price: pricedAs(price, model.price),
      },
      {
        onSuccess: () => {
          tellDone('Model saved');
          onClose();
        },
      },
    );
  };
  return (
    <form onSubmit={submit} className="flex min-h-0 flex-1 flex-col">
      <DialogBody>
        <InputField
          label="Shown as"
          autoComplete="off"
          maxLength={255}
          placeholder={model.model_id}
          hint="Empty: the provider’s own name."
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <InputField
          label="Interval in seconds"
          type="number"
          inputMode="numeric"
          min={10}
          max={86400}
          placeholder={defaultIntervalS?.toString()}
          hint={`10 to 86,400. Empty: as set for all models${fallback}.`}
          value={interval}
          onChange={(event) => setInterval(event.target.value)}
        />
        <div className="grid grid-cols-2 items-start gap-4">
          <PriceField
            label="Input price"
            value={price.input}
            onChange={(input) => setPrice({ ...price, input })}
          />
          <PriceField
            label="Output price"
            value={price.output}
            onChange={(output) => setPrice({ ...price, output })}
            error={isWhole(price) ? undefined : 'Give both prices, or neither.'}
          />
        </div>
      </DialogBody>
      <DialogFooter>
        <Button variant="ghost" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" variant="primary" disabled={!isWhole(price)} busy={change.isPending}>
          Save
        </Button>
      </DialogFooter>
    </form>
  );
}

interface PriceFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  error?: string | undefined;
}

function PriceField({ label, value, onChange, error }: PriceFieldProps) {
  return (
    <InputField
      label={label}
      type="number"
      inputMode="decimal"
      min={0}
      max={1_000_000}
      step="any"
      placeholder="as listed"
      hint="US dollars per million tokens. Empty: the listed price, if there is one."
      value={value}
      onChange={(event) => onChange(event.target.value)}
      error={error}
    />
  );
}
