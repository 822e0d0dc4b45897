"""Ten-minute rows in, score records of one SageMaker detector out."""
