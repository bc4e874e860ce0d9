-- What replicas tell each other of patients, for the index that each keeps beside the
-- database. Ours: OpenMRS has an index server for that.

CREATE TABLE IF NOT EXISTS standin_search_feed (
  feed_id BIGINT NOT NULL AUTO_INCREMENT,
  patient_id INT,
  origin VARCHAR(200) NOT NULL,
  PRIMARY KEY (feed_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
