"""SageMaker's RandomCutForest on the project's forest: trained once on a sample of the data, then it only scores.

Source: "Random Cut Forest (RCF) Algorithm" in the Amazon SageMaker AI developer guide. It is a stand-in, not the
service's program: docs/local-sagemaker.md tells where they differ.
"""
