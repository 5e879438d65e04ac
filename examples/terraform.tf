# What aws_launch_template takes as user_data is base64; jsonencode cannot write a document that is no JSON.
variable "image_id" { type = string }
variable "instance_profile" { type = string }

resource "aws_ecs_cluster" "prod" {
  name = "prod"
}

resource "aws_launch_template" "ecs" {
  name_prefix   = "ecs-"
  image_id      = var.image_id
  instance_type = "m7g.large"

  iam_instance_profile {
    name = var.instance_profile
  }

  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  user_data = base64encode(jsonencode({
    version      = 1
    agent        = { ECS_CLUSTER = aws_ecs_cluster.prod.name }
    taskRoles    = { blockInstanceMetadata = true }
    spotDraining = "auto"
    swap         = { size = "auto" }
  }))
}
