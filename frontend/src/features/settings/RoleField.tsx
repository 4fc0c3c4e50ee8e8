import type { Role } from '@/api/types';
import { SelectField } from '@/components/Field';
import { ROLES } from '@/format/outcomes';

interface RoleFieldProps {
  value: Role;
  onChange: (role: Role) => void;
}

export function RoleField({ value, onChange }: RoleFieldProps) {
  return (
    <SelectField
      label="Role"
      hint={ROLES.find((role) => role.value === value)?.may}
      value={value}
      onChange={(event) => onChange(event.target.value as Role)}
    >
      {ROLES.map((role) => (
        <option key={role.value} value={role.value}>
          {role.label}
        </option>
      ))}
    </SelectField>
  );
}
