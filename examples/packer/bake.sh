#!/bin/sh
# Runs in the instance that becomes the image: the package, Docker, the units; last of all, what belongs to this instance goes.
set -eu
if [ -f /tmp/ecs-bootstrap.rpm ]; then
	dnf -y install docker /tmp/ecs-bootstrap.rpm
else
	apt-get update
	DEBIAN_FRONTEND=noninteractive apt-get -y install docker.io /tmp/ecs-bootstrap.deb
fi
systemctl enable docker
ecs-bootstrap bake ${AGENT_TAR:+--agent-tar "$AGENT_TAR"}
# Loaded here (downloaded first where there is no tar), the agent's image costs the first boot no time and no network.
systemctl start docker
/usr/libexec/amazon-ecs-init reload-cache
systemctl stop docker.socket docker
rm -f /tmp/ecs-bootstrap.rpm /tmp/ecs-bootstrap.deb /tmp/ecs-agent.tar
ecs-bootstrap seal
cloud-init clean --logs
