"""Create queue jobs."""

UP = {
    "mariadb": [
        """
        CREATE TABLE queue_jobs (
            id CHAR(32) NOT NULL,
            name VARCHAR(100) NOT NULL,
            data JSON NOT NULL,
            job_key VARCHAR(200),
            turn INTEGER NOT NULL,
            status VARCHAR(10) NOT NULL,
            run_at DATETIME(6) NOT NULL,
            attempts INTEGER NOT NULL,
            max_attempts INTEGER NOT NULL,
            error LONGTEXT,
            percent INTEGER NOT NULL,
            note VARCHAR(255) NOT NULL,
            correlation_id VARCHAR(128) NOT NULL,
            created_at DATETIME(6) NOT NULL,
            finished_at DATETIME(6),
            worker VARCHAR(100),
            leased_until DATETIME(6),
            CONSTRAINT pk_queue_jobs PRIMARY KEY (id),
            CONSTRAINT uq_queue_jobs_job_key UNIQUE (job_key)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_nopad_bin
        """,
        "CREATE INDEX ix_queue_jobs_status_finished_at ON queue_jobs (status, finished_at)",
        "CREATE INDEX ix_queue_jobs_status_turn_run_at ON queue_jobs (status, turn, run_at)",
    ],
    "mysql": [
        """
        CREATE TABLE queue_jobs (
            id CHAR(32) NOT NULL,
            name VARCHAR(100) NOT NULL,
            data JSON NOT NULL,
            job_key VARCHAR(200),
            turn INTEGER NOT NULL,
            status VARCHAR(10) NOT NULL,
            run_at DATETIME(6) NOT NULL,
            attempts INTEGER NOT NULL,
            max_attempts INTEGER NOT NULL,
            error LONGTEXT,
            percent INTEGER NOT NULL,
            note VARCHAR(255) NOT NULL,
            correlation_id VARCHAR(128) NOT NULL,
            created_at DATETIME(6) NOT NULL,
            finished_at DATETIME(6),
            worker VARCHAR(100),
            leased_until DATETIME(6),
            CONSTRAINT pk_queue_jobs PRIMARY KEY (id),
            CONSTRAINT uq_queue_jobs_job_key UNIQUE (job_key)
        ) CHARSET=utf8mb4 COLLATE utf8mb4_0900_bin
        """,
        "CREATE INDEX ix_queue_jobs_status_finished_at ON queue_jobs (status, finished_at)",
        "CREATE INDEX ix_queue_jobs_status_turn_run_at ON queue_jobs (status, turn, run_at)",
    ],
    "postgresql": [
        """
        CREATE TABLE queue_jobs (
            id UUID NOT NULL,
            name VARCHAR(100) NOT NULL,
            data JSONB NOT NULL,
            job_key VARCHAR(200),
            turn INTEGER NOT NULL,
            status VARCHAR(10) NOT NULL,
            run_at TIMESTAMP WITH TIME ZONE NOT NULL,
            attempts INTEGER NOT NULL,
            max_attempts INTEGER NOT NULL,
            error TEXT,
            percent INTEGER NOT NULL,
            note VARCHAR(255) NOT NULL,
            correlation_id VARCHAR(128) NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE NOT NULL,
            finished_at TIMESTAMP WITH TIME ZONE,
            worker VARCHAR(100),
            leased_until TIMESTAMP WITH TIME ZONE,
            CONSTRAINT pk_queue_jobs PRIMARY KEY (id),
            CONSTRAINT uq_queue_jobs_job_key UNIQUE (job_key)
        )
        """,
        "CREATE INDEX ix_queue_jobs_status_finished_at ON queue_jobs (status, finished_at)",
        "CREATE INDEX ix_queue_jobs_status_turn_run_at ON queue_jobs (status, turn, run_at)",
    ],
    "sqlite": [
        """
        CREATE TABLE queue_jobs (
            id CHAR(32) NOT NULL,
            name VARCHAR(100) NOT NULL,
            data JSON NOT NULL,
            job_key VARCHAR(200),
            turn INTEGER NOT NULL,
            status VARCHAR(10) NOT NULL,
            run_at DATETIME NOT NULL,
            attempts INTEGER NOT NULL,
            max_attempts INTEGER NOT NULL,
            error TEXT,
            percent INTEGER NOT NULL,
            note VARCHAR(255) NOT NULL,
            correlation_id VARCHAR(128) NOT NULL,
            created_at DATETIME NOT NULL,
            finished_at DATETIME,
            worker VARCHAR(100),
            leased_until DATETIME,
            CONSTRAINT pk_queue_jobs PRIMARY KEY (id),
            CONSTRAINT uq_queue_jobs_job_key UNIQUE (job_key)
        )
        """,
        "CREATE INDEX ix_queue_jobs_status_finished_at ON queue_jobs (status, finished_at)",
        "CREATE INDEX ix_queue_jobs_status_turn_run_at ON queue_jobs (status, turn, run_at)",
    ],
}

DOWN = {
    "*": [
        "DROP TABLE queue_jobs",
    ],
}
