INSERT INTO stage (slug, rank, label, meaning) VALUES
    ('dynamique_identifiee', 1, 'Dynamique identifiée',
     'Un groupe est connu ; rien n''est officiel, un projet concurrent peut encore être proposé.'),
    ('lettre_intention_validee', 2, 'Lettre d''intention validée',
     'L''ARS et l''Assurance Maladie reconnaissent le territoire.'),
    ('association_creee', 3, 'Association créée', 'L''association loi 1901 existe.'),
    ('projet_sante_valide', 4, 'Projet de santé validé', 'L''ARS a validé le projet de santé.'),
    ('aci_signe', 5, 'ACI signé', 'Contrat de cinq ans signé : la CPTS est en fonctionnement.');

INSERT INTO mission (slug, rank, label, optional) VALUES
    ('acces_soins', 1, 'Accès aux soins', false),
    ('parcours', 2, 'Parcours pluriprofessionnels', false),
    ('prevention', 3, 'Prévention', false),
    ('crise_sanitaire', 4, 'Réponse aux crises sanitaires', false),
    ('qualite_pertinence', 5, 'Qualité et pertinence des soins', true),
    ('accompagnement_professionnels', 6, 'Accompagnement des professionnels de santé', true);

INSERT INTO theme (slug, label, mission_slug, rank)
SELECT t.slug, t.label, t.mission, row_number() OVER ()
FROM (VALUES
    ('medecin_traitant', 'Médecin traitant', 'acces_soins'),
    ('soins_non_programmes', 'Soins non programmés', 'acces_soins'),
    ('service_acces_soins', 'Service d''accès aux soins (SAS)', 'acces_soins'),
    ('telesante', 'Télésanté et téléexpertise', 'acces_soins'),
    ('insuffisance_cardiaque', 'Insuffisance cardiaque', 'parcours'),
    ('diabete', 'Diabète', 'parcours'),
    ('osteoporose', 'Ostéoporose', 'parcours'),
    ('plaies_complexes', 'Plaies complexes et chroniques', 'parcours'),
    ('sorties_hospitalisation', 'Sorties d''hospitalisation', 'parcours'),
    ('lien_ville_hopital', 'Lien ville-hôpital', 'parcours'),
    ('obesite', 'Obésité et surpoids', 'parcours'),
    ('personnes_agees', 'Personnes âgées et ICOPE', 'parcours'),
    ('chutes', 'Chutes', 'parcours'),
    ('handicap', 'Handicap', 'parcours'),
    ('sante_mentale', 'Santé mentale', 'parcours'),
    ('troubles_neurodeveloppement', 'Troubles du neurodéveloppement', 'parcours'),
    ('perinatalite', 'Périnatalité', 'parcours'),
    ('douleur_chronique', 'Douleur chronique', 'parcours'),
    ('vaccination', 'Vaccination', 'prevention'),
    ('hpv', 'HPV', 'prevention'),
    ('depistage_cancers', 'Dépistage des cancers', 'prevention'),
    ('addictions', 'Addictions et tabac', 'prevention'),
    ('sante_environnementale', 'Santé environnementale', 'prevention'),
    ('sante_sexuelle', 'Santé sexuelle', 'prevention'),
    ('violences_femmes', 'Violences faites aux femmes', 'prevention'),
    ('troubles_sensoriels', 'Troubles sensoriels', 'prevention'),
    ('sommeil', 'Sommeil', 'prevention'),
    ('activite_physique', 'Activité physique adaptée (sport-santé)', 'prevention'),
    ('maladies_cardio_neurovasculaires', 'Maladies cardio-neurovasculaires', 'prevention'),
    ('education_therapeutique', 'Éducation thérapeutique (ETP)', 'prevention'),
    ('plan_crise', 'Plan de crise', 'crise_sanitaire'),
    ('analyse_pratiques', 'Groupes d''analyse de pratiques', 'qualite_pertinence'),
    ('protocoles_cooperation', 'Protocoles de coopération', 'qualite_pertinence'),
    ('accueil_stagiaires', 'Accueil de stagiaires', 'accompagnement_professionnels'),
    ('attractivite', 'Installation et attractivité', 'accompagnement_professionnels')
) AS t (slug, label, mission);
