-- The answers that a coded question of the dictionary takes.

CREATE TABLE IF NOT EXISTS concept_answer (
  concept_answer_id INT NOT NULL AUTO_INCREMENT,
  concept_id INT NOT NULL,
  answer_concept INT,
  answer_drug INT,
  sort_weight DOUBLE,
  creator INT NOT NULL,
  date_created DATETIME NOT NULL,
  uuid CHAR(38) NOT NULL,
  PRIMARY KEY (concept_answer_id),
  UNIQUE KEY uuid (uuid),
  CONSTRAINT answers_for_concept FOREIGN KEY (concept_id) REFERENCES concept (concept_id),
  CONSTRAINT answer FOREIGN KEY (answer_concept) REFERENCES concept (concept_id),
  CONSTRAINT answer_creator FOREIGN KEY (creator) REFERENCES users (user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
