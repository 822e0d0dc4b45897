"""The CDK stacks: settings in, CloudFormation out. Thin stacks, one construct per capability."""
