"""Plug-in: SageMaker for the local cloud, whose training jobs train and whose endpoints serve.

The control plane, the runtime and the Step Functions tasks follow AWS's API; the algorithms are our stand-ins
(`cutwatch.randomcutforest`, `cutwatch.deepar`), each run as a process of its own, as the service runs containers.
docs/local-sagemaker.md tells what is there and what is not.
"""
