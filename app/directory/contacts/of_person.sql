-- What sheets tell of somebody with an account: as such, or under the address of the account.
SELECT c.cpts_id, c.role, c.name, c.email, c.phone, c.purpose, c.legal_basis, c.origin,
       c.recorded_on, c.kept_until
FROM person p JOIN cpts_contact c ON c.person_id = p.id OR lower(c.email) = p.email
WHERE p.id = :person
ORDER BY c.cpts_id, c.position, c.id
