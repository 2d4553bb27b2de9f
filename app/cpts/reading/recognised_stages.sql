SELECT s.slug
FROM stage s JOIN stage letter ON letter.slug = 'lettre_intention_validee'
WHERE s.rank >= letter.rank
ORDER BY s.rank
