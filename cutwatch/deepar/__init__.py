"""SageMaker's DeepAR on JAX: the same hyperparameters, data and requests, on a laptop's processor.

Source: Salinas, Flunkert, Gasthaus, "DeepAR: Probabilistic forecasting with autoregressive recurrent networks", 2017,
and "Use the SageMaker AI DeepAR forecasting algorithm" in the Amazon SageMaker AI developer guide. It is a stand-in,
not the service's program: docs/local-sagemaker.md tells where they differ.

It runs in an environment of its own (`requirements.txt` beside this file, `make .venv-deepar/.done`). The modules
`hyperparameters`, `series`, `rhythm` and `requests` need no JAX.
"""
