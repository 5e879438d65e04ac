# packer init . && packer build -var rpm=ecs-bootstrap.rpm -var deb=ecs-bootstrap.deb .
# Agent: an ecs-agent.tar is placed if one is given (-var agent_tar=…), else each instance downloads it.
packer {
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = ">= 1.3.0"
    }
  }
}

variable "rpm" { type = string }
variable "deb" { type = string }
variable "agent_tar" {
  type    = string
  default = ""
}

source "amazon-ebs" "al2023" {
  ami_name      = "ecs-al2023-{{timestamp}}"
  instance_type = "t3.small"
  ssh_username  = "ec2-user"
  source_ami_filter {
    owners      = ["amazon"]
    most_recent = true
    filters     = { name = "al2023-ami-2023.*-x86_64" }
  }
}

source "amazon-ebs" "debian12" {
  ami_name      = "ecs-debian12-{{timestamp}}"
  instance_type = "t3.small"
  ssh_username  = "admin"
  source_ami_filter {
    owners      = ["136693071363"]
    most_recent = true
    filters     = { name = "debian-12-amd64-*" }
  }
}

build {
  sources = ["source.amazon-ebs.al2023", "source.amazon-ebs.debian12"]

  provisioner "file" {
    source      = var.rpm
    destination = "/tmp/ecs-bootstrap.rpm"
    only        = ["amazon-ebs.al2023"]
  }

  provisioner "file" {
    source      = var.deb
    destination = "/tmp/ecs-bootstrap.deb"
    only        = ["amazon-ebs.debian12"]
  }

  provisioner "file" {
    # this folder's own file stands in where no agent is given; bake.sh tells them apart
    source      = var.agent_tar != "" ? var.agent_tar : "${path.root}/bake.sh"
    destination = "/tmp/ecs-agent.tar"
  }

  provisioner "shell" {
    execute_command  = "sudo env {{ .Vars }} sh {{ .Path }}"
    environment_vars = ["AGENT_TAR=${var.agent_tar != "" ? "/tmp/ecs-agent.tar" : ""}"]
    script           = "${path.root}/bake.sh"
  }
}
