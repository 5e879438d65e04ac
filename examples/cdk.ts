// UserData.custom() is taken as it stands; addUserData() of a cluster would add shell of its own, which is not needed.
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';

export function launchTemplate(scope: Construct, cluster: ecs.ICluster, machineImage: ec2.IMachineImage): ec2.LaunchTemplate {
  const settings = {
    version: 1,
    agent: { ECS_CLUSTER: cluster.clusterName },
    taskRoles: { blockInstanceMetadata: true },
    spotDraining: 'auto',
  };
  return new ec2.LaunchTemplate(scope, 'Ecs', {
    machineImage,
    instanceType: new ec2.InstanceType('m7g.large'),
    userData: ec2.UserData.custom(Stack.of(scope).toJsonString(settings)),
    requireImdsv2: true,
    httpPutResponseHopLimit: 1,
  });
}
