-- The appointments module's tables (2.1, Bahmni), as its own migrations leave them.

CREATE TABLE IF NOT EXISTS appointment_speciality (
  speciality_id INT NOT NULL AUTO_INCREMENT,
  name VARCHAR(50) NOT NULL,
  creator INT NOT NULL,
  date_created DATETIME NOT NULL,
  changed_by INT,
  date_changed DATETIME,
  voided TINYINT(1),
  voided_by INT,
  date_voided DATETIME,
  void_reason VARCHAR(255),
  uuid VARCHAR(38) NOT NULL,
  PRIMARY KEY (speciality_id),
  UNIQUE KEY uuid (uuid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE IF NOT EXISTS appointment_service (
  appointment_service_id INT NOT NULL AUTO_INCREMENT,
  name VARCHAR(50) NOT NULL,
  description TEXT,
  start_time TIME,
  end_time TIME,
  location_id INT,
  speciality_id INT,
  max_appointments_limit INT,
  duration_mins INT,
  color VARCHAR(8),
  initial_appointment_status VARCHAR(45),
  creator INT NOT NULL,
  date_created DATETIME NOT NULL,
  changed_by INT,
  date_changed DATETIME,
  voided TINYINT(1),
  voided_by INT,
  date_voided DATETIME,
  void_reason VARCHAR(255),
  uuid VARCHAR(38) NOT NULL,
  PRIMARY KEY (appointment_service_id),
  UNIQUE KEY uuid (uuid),
  CONSTRAINT appointment_service_speciality FOREIGN KEY (speciality_id) REFERENCES appointment_speciality (speciality_id),
  CONSTRAINT appointment_service_location FOREIGN KEY (location_id) REFERENCES location (location_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE IF NOT EXISTS appointment_service_type (
  appointment_service_type_id INT NOT NULL AUTO_INCREMENT,
  appointment_service_id INT NOT NULL,
  name VARCHAR(50) NOT NULL,
  duration_mins INT,
  creator INT NOT NULL,
  date_created DATETIME NOT NULL,
  changed_by INT,
  date_changed DATETIME,
  voided TINYINT(1),
  voided_by INT,
  date_voided DATETIME,
  void_reason VARCHAR(255),
  uuid VARCHAR(38) NOT NULL,
  PRIMARY KEY (appointment_service_type_id),
  UNIQUE KEY uuid (uuid),
  CONSTRAINT appointment_type_service FOREIGN KEY (appointment_service_id) REFERENCES appointment_service (appointment_service_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE IF NOT EXISTS patient_appointment (
  patient_appointment_id INT NOT NULL AUTO_INCREMENT,
  provider_id INT,
  appointment_number VARCHAR(50) NOT NULL,
  patient_id INT NOT NULL,
  start_date_time DATETIME,
  end_date_time DATETIME,
  appointment_service_id INT,
  appointment_service_type_id INT,
  status VARCHAR(45) NOT NULL,
  location_id INT,
  appointment_kind VARCHAR(45) NOT NULL,
  comments VARCHAR(255),
  related_appointment_id INT,
  tele_health_video_link VARCHAR(255),
  priority VARCHAR(45),
  date_appointment_scheduled DATETIME,
  creator INT NOT NULL,
  date_created DATETIME NOT NULL,
  changed_by INT,
  date_changed DATETIME,
  voided TINYINT(1),
  voided_by INT,
  date_voided DATETIME,
  void_reason VARCHAR(255),
  uuid VARCHAR(38) NOT NULL,
  PRIMARY KEY (patient_appointment_id),
  UNIQUE KEY uuid (uuid),
  KEY patient_appointment_start (start_date_time),
  CONSTRAINT patient_appointment_patient FOREIGN KEY (patient_id) REFERENCES patient (patient_id),
  CONSTRAINT patient_appointment_service FOREIGN KEY (appointment_service_id) REFERENCES appointment_service (appointment_service_id),
  CONSTRAINT patient_appointment_service_type FOREIGN KEY (appointment_service_type_id) REFERENCES appointment_service_type (appointment_service_type_id),
  CONSTRAINT patient_appointment_location FOREIGN KEY (location_id) REFERENCES location (location_id),
  CONSTRAINT patient_appointment_creator FOREIGN KEY (creator) REFERENCES users (user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE IF NOT EXISTS patient_appointment_provider (
  patient_appointment_provider_id INT NOT NULL AUTO_INCREMENT,
  patient_appointment_id INT NOT NULL,
  provider_id INT NOT NULL,
  response VARCHAR(45) NOT NULL,
  comments VARCHAR(255),
  creator INT NOT NULL,
  date_created DATETIME NOT NULL,
  changed_by INT,
  date_changed DATETIME,
  voided TINYINT(1),
  voided_by INT,
  date_voided DATETIME,
  void_reason VARCHAR(255),
  uuid VARCHAR(38) NOT NULL,
  PRIMARY KEY (patient_appointment_provider_id),
  UNIQUE KEY uuid (uuid),
  CONSTRAINT patient_appointment_provider_appointment FOREIGN KEY (patient_appointment_id) REFERENCES patient_appointment (patient_appointment_id),
  CONSTRAINT patient_appointment_provider_provider FOREIGN KEY (provider_id) REFERENCES provider (provider_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE IF NOT EXISTS patient_appointment_audit (
  patient_appointment_audit_id INT NOT NULL AUTO_INCREMENT,
  appointment_id INT NOT NULL,
  status VARCHAR(45) NOT NULL,
  notes TEXT,
  creator INT NOT NULL,
  date_created DATETIME NOT NULL,
  changed_by INT,
  date_changed DATETIME,
  voided TINYINT(1),
  voided_by INT,
  date_voided DATETIME,
  void_reason VARCHAR(255),
  uuid VARCHAR(38) NOT NULL,
  PRIMARY KEY (patient_appointment_audit_id),
  UNIQUE KEY uuid (uuid),
  CONSTRAINT patient_appointment_audit_appointment FOREIGN KEY (appointment_id) REFERENCES patient_appointment (patient_appointment_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE IF NOT EXISTS patient_appointment_fulfilling_encounter_map (
  patient_appointment_id INT NOT NULL,
  fulfilling_encounter_id INT NOT NULL,
  PRIMARY KEY (patient_appointment_id, fulfilling_encounter_id),
  CONSTRAINT fulfilling_encounter_appointment FOREIGN KEY (patient_appointment_id) REFERENCES patient_appointment (patient_appointment_id),
  CONSTRAINT fulfilling_encounter_encounter FOREIGN KEY (fulfilling_encounter_id) REFERENCES encounter (encounter_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
